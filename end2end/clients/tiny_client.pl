#!/usr/bin/perl
# With what every Perl has: HTTP::Tiny and JSON::PP (and IO::Socket::SSL for TLS).
#
# usage: tiny_client.pl HOST PORT CAFILE USER      (the password on standard input)
use strict;
use warnings;
use HTTP::Tiny;
use JSON::PP;

my ($host, $port, $cafile, $user) = @ARGV;
chomp(my $password = <STDIN>);
my $base = "https://$host:$port/netbackup";
my $http = HTTP::Tiny->new(verify_SSL => 1, SSL_options => { SSL_ca_file => $cafile });

sub call {
    my ($method, $url, $expected, $headers, $body) = @_;
    my %options = (headers => { 'Content-Type' => 'application/vnd.netbackup+json;version=2', %{ $headers || {} } });
    $options{content} = encode_json($body) if defined $body;
    my $answer = $http->request($method, $url, \%options);
    die "$method $url: $answer->{status}, not $expected\n$answer->{content}\n" if $answer->{status} != $expected;
    return $answer;
}
sub document { decode_json(shift->{content}) }

my $login = { domainType => 'UnixPwd', domainName => $host, userName => $user, password => $password };
my $token = document(call('POST', "$base/login", 201, undef, $login))->{token};
my %auth = (Authorization => $token);
my $keys = "$base/security/api-keys";

my $answer = call('GET', $keys, 200, \%auth);
die "version: $answer->{headers}{'content-type'}\n" if $answer->{headers}{'content-type'} !~ /version=2\.0/;
# An Accept that disagrees with the Content-Type.
call('GET', $keys, 400, { %auth, Accept => 'application/vnd.netbackup+json;version=3.0' });
call('GET', $keys, 406, { %auth, Accept => 'text/html' });

my $create = { data => { type => 'apiKeyCreationRequest', attributes => { expireAfterDays => 'P0D' } } };
my $refused = document(call('POST', $keys, 400, \%auth, $create));
die "no hint at the field\n" if !$refused->{attributeErrors}{'data.attributes.expireAfterDays'};
$create->{data}{attributes}{expireAfterDays} = 'P2D';
my $made = document(call('POST', $keys, 201, \%auth, $create))->{data};
my ($tag, $key) = ($made->{id}, $made->{attributes}{apiKey});

my $query = $http->www_form_urlencode({ 'page[limit]' => 1, filter => "state eq 'ACTIVE' and userName eq '$user'" });
my $found = document(call('GET', "$keys?$query", 200, \%auth))->{data};
die "not found by filter\n" if @$found != 1 || $found->[0]{id} ne $tag;

call('PATCH', "$keys/$tag", 204, { 'X-API-Key' => $key },
    { data => { type => 'apiKeyUpdateRequest', id => $tag, attributes => { description => 'tiny' } } });
my $new = document(call('POST', "$keys/$tag/reissue", 201, \%auth,
    { data => { type => 'apiKeyReissueRequest', id => $tag, attributes => { expireAfterDays => 'P3D' } } }))->{data};
call('GET', "https://$host:$port/verify", 401, { 'X-API-Key' => $key });
call('GET', "https://$host:$port/verify", 204, { 'X-API-Key' => $new->{attributes}{apiKey} });
# Two that differ are refused; a key in the address is not read.
call('GET', "https://$host:$port/verify", 401, { 'X-API-Key' => $new->{attributes}{apiKey}, Authorization => $key });
call('GET', "https://$host:$port/verify?apiKey=$new->{attributes}{apiKey}", 401);

call('DELETE', "$keys/$new->{id}", 204, \%auth);
call('DELETE', "$keys/$new->{id}", 404, \%auth);
call('POST', "$base/logout", 200, \%auth);
call('GET', $keys, 401, \%auth);
print "all is well\n";
