#!/usr/bin/perl
# A service account's API key by LWP and JSON, in the manner of the published samples.
#
# usage: lwp_client.pl HOST PORT CAFILE USER      (the password on standard input)
use strict;
use warnings;
use HTTP::Request;
use JSON;
use LWP::UserAgent;
use Sys::Hostname;
use URI::Escape;

my ($host, $port, $cafile, $user) = @ARGV;
chomp(my $password = <STDIN>);
my $base = "https://$host:$port/netbackup";
my $content_type = 'application/vnd.netbackup+json; version=4.0';
my $ua = LWP::UserAgent->new(timeout => 30, ssl_opts => { SSL_ca_file => $cafile });

sub call {
    my ($method, $url, $expected, $token, $body) = @_;
    my $req = HTTP::Request->new($method => $url);
    $req->header('content-type' => $content_type);
    $req->header('Authorization' => $token) if $token;
    $req->content($body) if defined $body;
    my $resp = $ua->request($req);
    die "$method $url: " . $resp->code . ", not $expected\n" . $resp->decoded_content . "\n"
        if $resp->code != $expected;
    return $resp;
}
sub data { decode_json(shift->content)->{data} }
sub is { my ($what, $got, $wanted) = @_; die "$what: '$got', not '$wanted'\n" if $got ne $wanted }

my $login = encode_json({
    domainType => 'unixpwd', domainName => hostname(), userName => $user, password => $password,
});
my $token = decode_json(call('POST', "$base/login", 201, undef, $login)->content)->{token};

my $keys = "$base/security/api-keys";
my $post_data = qq({ "data": { "type": "apiKeyCreationRequest", "attributes": {
    "description": "perl", "expireAfterDays": "P30D" } } });
my $made = data(call('POST', $keys, 201, $token, $post_data));
my ($tag, $key) = ($made->{id}, $made->{attributes}{apiKey});

# Filters are escaped, brackets are not.
my $filter = uri_escape("userName eq '$user' and contains(description,'per')");
my $list = data(call('GET', "$keys?page[limit]=10&filter=$filter", 200, $token));
is('found by filter', join(',', map { $_->{id} } @$list), $tag);
my $all = call('GET', "$keys?page%5Blimit%5D=10&page%5Boffset%5D=10", 200, $token);
is('beyond the end', scalar @{ data($all) }, 0);

my $update = encode_json({ data => { type => 'apiKeyUpdateRequest', id => $tag, attributes => { description => "caf\x{e9}" } } });
call('PATCH', "$keys/$tag", 204, "Bearer $token", $update);
is('description', data(call('GET', "$keys/$tag", 200, $token))->{attributes}{description}, "caf\x{e9}");

is('whose key', call('GET', "https://$host:$port/verify", 204, $key)->header('X-Latchkey-User'), $user);
my $reissue = encode_json({ data => { type => 'apiKeyReissueRequest', id => $tag, attributes => { expireAfterDays => 'P30D' } } });
my $new = data(call('POST', "$keys/" . uri_escape($tag) . '/reissue', 201, $token, $reissue));
call('GET', "https://$host:$port/verify", 401, $key);
call('GET', "$keys/$new->{id}", 200, "bearer $new->{attributes}{apiKey}");

my $gone = call('DELETE', "$keys/$new->{id}", 204, $token, 'null');
is('a body', $gone->content, '');
call('GET', "https://$host:$port/verify", 401, $new->{attributes}{apiKey});
call('POST', "$base/logout", 200, $token);
call('GET', $keys, 401, $token);
print "all is well\n";
