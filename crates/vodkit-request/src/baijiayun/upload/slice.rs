//! The request that sends a slice.

use std::ops::Range;

use http::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderValue};
use http::{Method, Request};
use vodkit_types::Secret;

use crate::draft::target_address;
use crate::error::{Error, ErrorKind};
use crate::payload::Payload;

const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Raw bytes of a file of `total` bytes, posted to an upload address.
///
/// # Errors
/// When the address is none.
pub(super) fn request(
    address: &Secret,
    range: &Range<u64>,
    total: u64,
    body: Payload,
) -> Result<Request<Payload>, Error> {
    let uri = target_address(address)?;
    let range = HeaderValue::try_from(content_range(range, total))
        .map_err(|_| Error::new(ErrorKind::InvalidInput, "the range is no header"))?;
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    request.headers_mut().insert(CONTENT_TYPE, OCTETS);
    request.headers_mut().insert(CONTENT_RANGE, range);
    Ok(request)
}

/// First and last byte, counted from one, unlike HTTP's own.
fn content_range(range: &Range<u64>, total: u64) -> String {
    format!(
        "bytes {}-{}/{total}",
        range.start.saturating_add(1),
        range.end
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn positions_count_from_one() {
        assert_eq!(content_range(&(0..5), 12), "bytes 1-5/12");
        assert_eq!(content_range(&(5..12), 12), "bytes 6-12/12");
        assert_eq!(content_range(&(0..1), 1), "bytes 1-1/1");
        let most = u64::MAX;
        assert_eq!(
            content_range(&(most - 1..most), most),
            format!("bytes {most}-{most}/{most}")
        );
    }

    proptest! {
        #[test]
        fn a_range_is_read_back(start in 0..u64::MAX, bytes in 1..u64::MAX, rest in any::<u64>()) {
            let end = start.saturating_add(bytes);
            let total = end.saturating_add(rest);
            let text = content_range(&(start..end), total);
            let (span, of) = text.strip_prefix("bytes ").unwrap().split_once('/').unwrap();
            let (first, last) = span.split_once('-').unwrap();
            let [first, last, of] = [first, last, of].map(|digits| digits.parse::<u64>().unwrap());
            prop_assert_eq!((first - 1..last, of), (start..end, total));
            prop_assert_eq!(last - first + 1, end - start);
        }
    }
}
