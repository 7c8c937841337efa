//! Which addresses may be reached. Pure; ranges after the IANA special-purpose address registries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// What an address is, for those who decide whether it may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Public,
    Loopback,
    Private,
    LinkLocal,
    /// Where clouds hand out credentials.
    Metadata,
    Multicast,
    /// Unspecified, documentation, benchmarking, tunnels and everything not assigned.
    Reserved,
}

impl Class {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::Metadata => "cloud metadata",
            Self::Multicast => "multicast",
            Self::Reserved => "reserved",
        }
    }
}

/// The class of an address; an IPv4 address inside an IPv6 one is taken out first.
pub fn class(address: IpAddr) -> Class {
    match unwrap(address) {
        IpAddr::V4(address) => class_v4(address),
        IpAddr::V6(address) => class_v6(address),
    }
}

/// Takes an IPv4 address out of the IPv6 forms that lead to it: mapped, compatible and the well-known NAT64 prefix. The
/// other tunnels (6to4, Teredo, local NAT64, translated addresses) are reserved as they are.
fn unwrap(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let [a, b, c, d, e, f, high, low] = v6.segments();
    let v4 = || {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => v4(),
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0] if high != 0 || low > 1 => v4(),
        _ => address,
    }
}

fn class_v4(address: Ipv4Addr) -> Class {
    match address.octets() {
        // In link-local, shared and, for the last one, public space: AWS and most others, its containers, Alibaba, Azure.
        [169, 254, 169, 254] | [169, 254, 170, 2 | 23] | [100, 100, 100, 200] | [168, 63, 129, 16] => Class::Metadata,
        [127, ..] => Class::Loopback,
        [10, ..] | [192, 168, ..] => Class::Private,
        [172, second, ..] if (16..32).contains(&second) => Class::Private,
        [100, second, ..] if (64..128).contains(&second) => Class::Private,
        [169, 254, ..] => Class::LinkLocal,
        [224..=239, ..] => Class::Multicast,
        [0 | 240..=255, ..] => Class::Reserved,
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 51, 100, _] | [203, 0, 113, _] | [198, 18 | 19, ..] => {
            Class::Reserved
        }
        _ => Class::Public,
    }
}

fn class_v6(address: Ipv6Addr) -> Class {
    let segments = address.segments();
    if address == Ipv6Addr::LOCALHOST {
        return Class::Loopback;
    }
    if matches!(segments, [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23 | 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]) {
        return Class::Metadata;
    }
    let [first, second, .., universal, isatap, high, low] = segments;
    if matches!(universal, 0 | 0x200) && isatap == 0x5efe {
        // ISATAP (RFC 5214, 6.1): any prefix, an IPv4 address in the last half.
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        if class_v4(Ipv4Addr::new(a, b, c, d)) != Class::Public {
            return Class::Reserved;
        }
    }
    match first {
        0xfc00..=0xfdff => Class::Private,
        0xfe80..=0xfebf => Class::LinkLocal,
        0xfec0..=0xfeff => Class::Private,
        0xff00..=0xffff => Class::Multicast,
        // Teredo and other special blocks, documentation, 6to4 (which carries any IPv4 address).
        0x2001 if second < 0x200 || second == 0xdb8 => Class::Reserved,
        0x2002 => Class::Reserved,
        0x3fff if second < 0x1000 => Class::Reserved,
        0x2000..=0x3fff => Class::Public,
        _ => Class::Reserved,
    }
}

/// A range of addresses: `10.1.0.0/16`, `fd00::/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    base: IpAddr,
    bits: u32,
}

/// A text that is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("http.allowed_networks: {found:?} is no network: write it as 10.1.0.0/16 or fd00::/8")]
pub struct InvalidNetwork {
    pub found: String,
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let fault = || InvalidNetwork { found: text.to_owned() };
        let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.parse().map_err(|_| fault())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| fault()))?;
        if bits > most {
            return Err(fault());
        }
        Ok(Self { base, bits })
    }
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        fn same(one: u128, other: u128, width: u32, bits: u32) -> bool {
            bits == 0 || (one ^ other) >> (width - bits) == 0
        }
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                same(u32::from(base).into(), u32::from(address).into(), 32, self.bits)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => same(base.into(), address.into(), 128, self.bits),
            _ => false,
        }
    }
}

/// What the operator allows beyond public addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks {
    allow_private: bool,
    allowed: Vec<Network>,
}

impl Networks {
    /// From the configuration: `http.allow_private_networks` and `http.allowed_networks`.
    ///
    /// # Errors
    /// The first text that is no network.
    pub fn new(allow_private: bool, allowed: &[String]) -> Result<Self, InvalidNetwork> {
        let allowed = allowed.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
        Ok(Self { allow_private, allowed })
    }

    /// Whether an address may be reached. Metadata, multicast and reserved ones only if they are listed.
    ///
    /// # Errors
    /// The class for which it may not.
    pub fn check(&self, address: IpAddr) -> Result<(), Class> {
        let address = unwrap(address);
        match class(address) {
            Class::Public => Ok(()),
            _ if self.allowed.iter().any(|network| network.contains(address)) => Ok(()),
            Class::Loopback | Class::Private | Class::LinkLocal if self.allow_private => Ok(()),
            other => Err(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Class {
        class(address.parse().unwrap())
    }

    #[test]
    fn every_form_of_an_inner_address_is_recognised() {
        for (address, expected) in [
            ("127.0.0.1", Class::Loopback),
            ("127.255.255.254", Class::Loopback),
            ("::1", Class::Loopback),
            ("::ffff:127.0.0.1", Class::Loopback),
            ("::127.0.0.1", Class::Loopback),
            ("64:ff9b::127.0.0.1", Class::Loopback),
            ("10.0.0.1", Class::Private),
            ("172.16.0.1", Class::Private),
            ("172.31.255.255", Class::Private),
            ("192.168.1.1", Class::Private),
            ("100.64.0.1", Class::Private),
            ("::ffff:10.0.0.1", Class::Private),
            ("fd12:3456::1", Class::Private),
            ("fec0::1", Class::Private),
            ("169.254.1.1", Class::LinkLocal),
            ("fe80::1", Class::LinkLocal),
            ("169.254.169.254", Class::Metadata),
            ("::ffff:169.254.169.254", Class::Metadata),
            ("64:ff9b::a9fe:a9fe", Class::Metadata),
            ("fd00:ec2::254", Class::Metadata),
            ("100.100.100.200", Class::Metadata),
            ("169.254.170.2", Class::Metadata),
            ("168.63.129.16", Class::Metadata),
            ("fd00:ec2::23", Class::Metadata),
            ("fd20:ce::254", Class::Metadata),
            ("2606:4700::5efe:127.0.0.1", Class::Reserved),
            ("2606:4700::200:5efe:10.0.0.1", Class::Reserved),
            ("2606:4700::5efe:8.8.8.8", Class::Public),
            ("224.0.0.1", Class::Multicast),
            ("239.255.255.255", Class::Multicast),
            ("ff02::1", Class::Multicast),
            ("0.0.0.0", Class::Reserved),
            ("0.1.2.3", Class::Reserved),
            ("::", Class::Reserved),
            ("255.255.255.255", Class::Reserved),
            ("240.0.0.1", Class::Reserved),
            ("192.0.0.1", Class::Reserved),
            ("192.0.2.1", Class::Reserved),
            ("198.18.0.1", Class::Reserved),
            ("198.51.100.1", Class::Reserved),
            ("203.0.113.1", Class::Reserved),
            ("2001:db8::1", Class::Reserved),
            ("2001::1", Class::Reserved),
            ("2002:7f00:1::", Class::Reserved),
            ("64:ff9b:1::1", Class::Reserved),
            ("100::1", Class::Reserved),
            ("4000::1", Class::Reserved),
            ("1.1.1.1", Class::Public),
            ("172.32.0.1", Class::Public),
            ("100.128.0.1", Class::Public),
            ("2606:4700::1111", Class::Public),
            ("::ffff:8.8.8.8", Class::Public),
        ] {
            assert_eq!(of(address), expected, "{address}");
        }
    }

    #[test]
    fn an_operator_can_list_networks() {
        let networks = Networks::new(false, &["127.0.0.0/8".into(), "fd00::/8".into(), "10.1.2.3".into()]).unwrap();
        let may = |address: &str| networks.check(address.parse().unwrap()).is_ok();
        assert!(may("127.0.0.1") && may("::ffff:127.0.0.1") && may("fd00::1") && may("10.1.2.3") && may("9.9.9.9"));
        assert!(!may("10.1.2.4") && !may("::1") && !may("169.254.169.254"));
    }

    #[test]
    fn allowing_private_networks_does_not_open_metadata_or_reserved_ones() {
        let networks = Networks::new(true, &[]).unwrap();
        let may = |address: &str| networks.check(address.parse().unwrap()).is_ok();
        assert!(may("127.0.0.1") && may("10.0.0.1") && may("fe80::1"));
        assert!(!may("169.254.169.254") && !may("0.0.0.0") && !may("224.0.0.1") && !may("::"));
    }

    #[test]
    fn a_text_that_is_no_network_is_named() {
        for text in ["", "10.0.0.0/33", "fd00::/129", "localhost", "10.0.0.0/-1", "10.0.0/8"] {
            assert_eq!(Networks::new(false, &[text.to_owned()]).unwrap_err().found, text);
        }
        let everything = Networks::new(false, &["0.0.0.0/0".into()]).unwrap();
        assert!(everything.check("169.254.169.254".parse().unwrap()).is_ok());
    }
}
