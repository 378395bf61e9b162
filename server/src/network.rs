//! Addresses and networks: who the client is when proxies stand in between (W6).

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

/// An address, or a network in CIDR notation (RFC 4632).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// The text is neither an address nor a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANetwork;

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix
            .map_or(Ok(longest), str::parse)
            .map_err(|_| NotANetwork)?;
        if prefix > longest {
            return Err(NotANetwork);
        }
        Ok(Self { address, prefix })
    }
}

impl Network {
    /// Whether `address` lies within.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(other)) => {
                let differing = ours.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(ours), IpAddr::V6(other)) => {
                let differing = ours.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }
}

/// Some networks. Default: none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// These.
    pub const fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// Whether `address` lies within one of them.
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

/// The proxies whose word about the client's address counts. Default: none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Networks);

impl TrustedProxies {
    /// Trusts whatever lies within `networks`.
    pub const fn new(networks: Networks) -> Self {
        Self(networks)
    }

    /// Whether `address` is a trusted proxy.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.contain(address)
    }

    /// The client's address: walks `X-Forwarded-For` from its end, as long as whoever said so is
    /// trusted. What is no address ends the walk, so a client cannot put words in front.
    pub fn client<'a>(
        &self,
        peer: IpAddr,
        forwarded: impl DoubleEndedIterator<Item = &'a str>,
    ) -> IpAddr {
        let mut client = peer.to_canonical();
        for entry in forwarded.flat_map(|line| line.split(',')).rev() {
            if !self.trusts(client) {
                break;
            }
            match forwarded_address(entry.trim()) {
                Some(next) => client = next.to_canonical(),
                None => break,
            }
        }
        client
    }
}

/// Some proxies add the port.
fn forwarded_address(text: &str) -> Option<IpAddr> {
    text.parse()
        .or_else(|_| text.parse().map(|with_port: SocketAddr| with_port.ip()))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(networks: &[&str]) -> TrustedProxies {
        let networks = networks.iter().map(|text| text.parse().unwrap());
        TrustedProxies::new(Networks::new(networks.collect()))
    }

    fn client(trusted: &TrustedProxies, peer: &str, forwarded: &[&str]) -> String {
        trusted
            .client(peer.parse().unwrap(), forwarded.iter().copied())
            .to_string()
    }

    #[test]
    fn networks_are_read_strictly() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "10.0.0.0/-1",
            "host",
            "10.0.0.0/8/8",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }

    #[test]
    fn a_network_contains_what_shares_its_prefix() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("127.0.0.0/8", "::ffff:127.0.0.1", "::1"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(
                network.contains(inside.parse().unwrap()),
                "{network:?} {inside}"
            );
            assert!(
                !network.contains(outside.parse().unwrap()),
                "{network:?} {outside}"
            );
        }
    }

    /// W6.
    #[test]
    fn a_client_that_is_no_trusted_proxy_cannot_name_its_own_address() {
        let nobody = TrustedProxies::default();
        assert_eq!(client(&nobody, "192.0.2.7", &["203.0.113.1"]), "192.0.2.7");
        let local = proxies(&["127.0.0.1"]);
        assert_eq!(client(&local, "192.0.2.7", &["203.0.113.1"]), "192.0.2.7");
        // The trusted proxy appends; what the client sent stands in front and does not count.
        assert_eq!(
            client(&local, "127.0.0.1", &["203.0.113.1, 192.0.2.7"]),
            "192.0.2.7"
        );
        assert_eq!(
            client(&local, "127.0.0.1", &["203.0.113.1", "192.0.2.7"]),
            "192.0.2.7"
        );
    }

    #[test]
    fn a_chain_of_trusted_proxies_is_followed_to_its_end() {
        let trusted = proxies(&["127.0.0.1", "10.0.0.0/8"]);
        assert_eq!(
            client(&trusted, "::ffff:127.0.0.1", &["192.0.2.7, 10.1.1.1"]),
            "192.0.2.7"
        );
        assert_eq!(client(&trusted, "127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(client(&trusted, "127.0.0.1", &["10.1.1.1"]), "10.1.1.1");
        assert_eq!(
            client(&trusted, "127.0.0.1", &["[2001:db8::1]:4711"]),
            "2001:db8::1"
        );
        assert_eq!(
            client(&trusted, "127.0.0.1", &["203.0.113.1, unknown"]),
            "127.0.0.1"
        );
    }
}
