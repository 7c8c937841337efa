//! Natural numbers of any length, for the digits that decimal arithmetic needs before it rounds.
//!
//! Limbs hold nine decimal digits each, lowest first, so that scaling by powers of ten stays cheap. Not a general
//! number type: sizes here are bounded by what a decimal128 or a double can hold.

use std::cmp::Ordering;

const BASE: u64 = 1_000_000_000;
const LIMB_DIGITS: u32 = 9;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Natural {
    /// Without zero limbs at the high end.
    limbs: Vec<u32>,
}

impl Natural {
    fn from_limbs(mut limbs: Vec<u32>) -> Self {
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        Self { limbs }
    }

    pub fn one() -> Self {
        Self { limbs: vec![1] }
    }

    pub fn power_of_ten(exponent: u32) -> Self {
        Self::one().times_power_of_ten(exponent)
    }

    pub fn is_zero(&self) -> bool {
        self.limbs.is_empty()
    }

    pub fn is_odd(&self) -> bool {
        self.limbs.first().is_some_and(|limb| limb % 2 == 1)
    }

    /// Number of decimal digits; zero has none.
    pub fn digits(&self) -> u32 {
        match self.limbs.last() {
            None => 0,
            Some(top) => (self.limbs.len() as u32 - 1) * LIMB_DIGITS + top.ilog10() + 1,
        }
    }

    pub fn to_u128(&self) -> Option<u128> {
        self.limbs
            .iter()
            .rev()
            .try_fold(0_u128, |value, limb| value.checked_mul(u128::from(BASE))?.checked_add(u128::from(*limb)))
    }

    pub fn plus(&self, other: &Self) -> Self {
        let (long, short) = if self.limbs.len() >= other.limbs.len() { (self, other) } else { (other, self) };
        let mut carry = 0;
        let mut limbs = Vec::with_capacity(long.limbs.len() + 1);
        for (a, b) in long.limbs.iter().zip(short.limbs.iter().chain(std::iter::repeat(&0))) {
            let sum = u64::from(*a) + u64::from(*b) + carry;
            limbs.push((sum % BASE) as u32);
            carry = sum / BASE;
        }
        limbs.push(carry as u32);
        Self::from_limbs(limbs)
    }

    /// The distance between the two: subtraction without a sign.
    pub fn distance(&self, other: &Self) -> Self {
        let (large, small) = if *self >= *other { (self, other) } else { (other, self) };
        let mut borrow = 0;
        let mut limbs = Vec::with_capacity(large.limbs.len());
        for (a, b) in large.limbs.iter().zip(small.limbs.iter().chain(std::iter::repeat(&0))) {
            let take = u64::from(*b) + borrow;
            let (limb, next) =
                if u64::from(*a) >= take { (u64::from(*a) - take, 0) } else { (u64::from(*a) + BASE - take, 1) };
            limbs.push(limb as u32);
            borrow = next;
        }
        Self::from_limbs(limbs)
    }

    pub fn times_small(&self, factor: u32) -> Self {
        let mut carry = 0_u64;
        let mut limbs = Vec::with_capacity(self.limbs.len() + 2);
        for limb in &self.limbs {
            let product = u64::from(*limb) * u64::from(factor) + carry;
            limbs.push((product % BASE) as u32);
            carry = product / BASE;
        }
        limbs.push((carry % BASE) as u32);
        limbs.push((carry / BASE) as u32);
        Self::from_limbs(limbs)
    }

    pub fn times(&self, other: &Self) -> Self {
        let mut sum = Self::default();
        for limb in other.limbs.iter().rev() {
            sum = sum.times_base(1).plus(&self.times_small(*limb));
        }
        sum
    }

    fn times_base(mut self, limbs: u32) -> Self {
        if !self.is_zero() {
            self.limbs.splice(0..0, std::iter::repeat_n(0, limbs as usize));
        }
        self
    }

    pub fn times_power_of_ten(&self, exponent: u32) -> Self {
        self.times_small(10_u32.pow(exponent % LIMB_DIGITS)).times_base(exponent / LIMB_DIGITS)
    }

    pub fn times_power_of_two(&self, exponent: u32) -> Self {
        const STEP: u32 = 29;
        let mut product = self.times_small(1 << (exponent % STEP));
        for _ in 0..exponent / STEP {
            product = product.times_small(1 << STEP);
        }
        product
    }

    /// Quotient and remainder; a zero divisor is taken as one.
    pub fn divided_by_small(&self, divisor: u32) -> (Self, u32) {
        let divisor = u64::from(divisor.max(1));
        let mut rest = 0_u64;
        let mut limbs: Vec<u32> = self
            .limbs
            .iter()
            .rev()
            .map(|limb| {
                let value = rest * BASE + u64::from(*limb);
                rest = value % divisor;
                (value / divisor) as u32
            })
            .collect();
        limbs.reverse();
        (Self::from_limbs(limbs), rest as u32)
    }

    /// Quotient and remainder. The caller has excluded a zero divisor; the answer for one would be meaningless.
    pub fn divided_by(&self, divisor: &Self) -> (Self, Self) {
        let mut rest = Self::default();
        let mut quotient = Vec::with_capacity(self.limbs.len());
        for limb in self.limbs.iter().rev() {
            rest = rest.times_base(1).plus(&Self::from_limbs(vec![*limb]));
            // The largest factor that still fits, found by halving the interval.
            let (mut low, mut high) = (0_u32, BASE as u32);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if divisor.times_small(middle) <= rest {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            rest = rest.distance(&divisor.times_small(low));
            quotient.push(low);
        }
        quotient.reverse();
        (Self::from_limbs(quotient), rest)
    }

    pub fn divided_by_power_of_ten(&self, exponent: u32) -> (Self, Self) {
        let whole = (exponent / LIMB_DIGITS) as usize;
        if whole >= self.limbs.len() {
            return (Self::default(), self.clone());
        }
        let high = Self::from_limbs(self.limbs.iter().skip(whole).copied().collect());
        let low = Self::from_limbs(self.limbs.iter().take(whole).copied().collect());
        let (quotient, rest) = high.divided_by_small(10_u32.pow(exponent % LIMB_DIGITS));
        let rest = Self::from_limbs(vec![rest]).times_base(exponent / LIMB_DIGITS).plus(&low);
        (quotient, rest)
    }

    /// The whole part of the square root (Newton's method from above).
    pub fn square_root(&self) -> Self {
        if self.is_zero() {
            return Self::default();
        }
        let mut guess = Self::power_of_ten(self.digits().div_ceil(2));
        loop {
            let next = guess.plus(&self.divided_by(&guess).0).divided_by_small(2).0;
            if next >= guess {
                return guess;
            }
            guess = next;
        }
    }
}

impl From<u128> for Natural {
    fn from(mut value: u128) -> Self {
        let mut limbs = Vec::new();
        while value > 0 {
            limbs.push((value % u128::from(BASE)) as u32);
            value /= u128::from(BASE);
        }
        Self { limbs }
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        self.limbs.len().cmp(&other.limbs.len()).then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev()))
    }
}
