//! S3, which many object storages speak: objects whole or in parts, with requests that are signed in their address (AWS Signature V4).
//!
//! The signature is made by `rusty-s3`; what is sent when is decided by the uploads. Errors come as XML with an HTTP status.

mod reply;
mod target;

use http::uri::Authority;
use http::{Method, Uri};
use url::Url;
use vodkit_types::Secret;

use crate::base_url::BaseUrl;
use crate::encode;
use crate::error::{Error, ErrorKind};
use crate::transport::Timestamp;

pub(crate) use target::Target;

/// Seconds for which a signed address may be used: as long as the clocks of both sides may differ. Only the beginning of a request counts.
const LIFE: u64 = 15 * 60;
/// Longest key of an object, in bytes.
pub(crate) const LONGEST_KEY: usize = 1024;

/// Where an object goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Address of the storage, without the bucket.
    pub(crate) endpoint: BaseUrl,
    /// Region that requests are signed for.
    pub(crate) region: String,
    /// Whether the bucket is the first part of the path, or of the host name.
    pub(crate) path_style: bool,
    /// The bucket.
    pub(crate) bucket: String,
    /// Key of the object, not percent-encoded.
    pub(crate) key: String,
}

/// Temporary keys for the storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    /// Id of the key.
    pub(crate) access_key_id: Secret,
    /// The key that signs.
    pub(crate) secret_access_key: Secret,
    /// Goes with every request.
    pub(crate) session_token: Secret,
}

impl Place {
    /// Whether the object can be named in an address at all.
    ///
    /// # Errors
    /// When bucket, key or region cannot.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |why: String| Err(Error::new(ErrorKind::InvalidInput, why));
        // An address with such a part is one of another object.
        let lost = |part: &str| matches!(part, "" | "." | "..");
        if self.region.is_empty() || self.region.contains('/') {
            return refuse("the region of the storage is missing or has a slash".to_owned());
        }
        if lost(&self.bucket) || self.bucket.contains('/') {
            return refuse(format!("`{}` is no name of a bucket", self.bucket));
        }
        if self.key.len() > LONGEST_KEY {
            return refuse(format!(
                "the key of the object has {} bytes: {LONGEST_KEY} are the most",
                self.key.len()
            ));
        }
        if self.key.split('/').any(lost) {
            return refuse(format!(
                "`{}` is no key that an address can hold: it has an empty part, `.` or `..`",
                self.key
            ));
        }
        self.address().map(drop)
    }

    fn host(&self) -> Option<Authority> {
        self.address().ok()?.into_parts().authority
    }

    /// The address of the object, not signed.
    fn address(&self) -> Result<Uri, Error> {
        let mut path = String::with_capacity(self.bucket.len() + self.key.len() + 2);
        if self.path_style {
            path.push('/');
            encode::rfc3986(&self.bucket, &mut path);
        }
        for part in self.key.split('/') {
            path.push('/');
            encode::rfc3986(part, &mut path);
        }
        if self.path_style {
            return self.endpoint.uri_of(&path, None);
        }
        // A bucket that is no label of a host name would change the host.
        let label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !self.bucket.bytes().all(label) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!(
                    "no host name can begin with the bucket `{}`: use it in the path",
                    self.bucket
                ),
            ));
        }
        self.endpoint
            .with_host_label(&self.bucket)?
            .uri_of(&path, None)
    }

    /// The address for a request of this moment, with the signature in its query. `query` is ascending by name.
    ///
    /// # Errors
    /// When address or clock cannot be used.
    pub(crate) fn signed(
        &self,
        keys: &Keys,
        method: &Method,
        query: &[(&str, &str)],
        at: Timestamp,
    ) -> Result<Uri, Error> {
        let unusable = |why: &'static str| Error::new(ErrorKind::InvalidInput, why);
        let address = self.address()?;
        let url = Url::parse(&address.to_string())
            .map_err(|_| unusable("the storage has no usable address"))?;
        let method = match *method {
            Method::PUT => rusty_s3::Method::Put,
            Method::POST => rusty_s3::Method::Post,
            Method::DELETE => rusty_s3::Method::Delete,
            Method::HEAD => rusty_s3::Method::Head,
            _ => rusty_s3::Method::Get,
        };
        let moment = jiff::Timestamp::from_millisecond(at.0)
            .map_err(|_| unusable("the clock shows no date"))?;
        let url = rusty_s3::signing::sign(
            &moment,
            method,
            url,
            keys.access_key_id.expose(),
            keys.secret_access_key.expose(),
            Some(keys.session_token.expose()),
            &self.region,
            LIFE,
            query.iter().copied(),
            std::iter::empty(),
        );
        // Never in the message: it holds the token.
        let signed = Uri::try_from(url.as_str())
            .map_err(|_| unusable("the keys of the storage make no address: it is too long"))?;
        if signed.path() != address.path() {
            return Err(unusable("the address of the object would be rewritten"));
        }
        Ok(signed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            endpoint: "https://s3.amazonaws.com".parse().unwrap(),
            region: "us-east-1".to_owned(),
            path_style: false,
            bucket: "examplebucket".to_owned(),
            key: "test.txt".to_owned(),
        }
    }

    fn keys(token: &str) -> Keys {
        Keys {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            session_token: token.into(),
        }
    }

    const AT: Timestamp = Timestamp(1_369_353_600_000);

    /// The example of AWS's page on signed addresses, with its synthetic keys, for a life of 900 seconds, and one of our own. The signatures
    /// were computed by a program in Python that gives the published one for the published life.
    #[test]
    fn the_signature_is_that_of_another_program() {
        let uri = place().signed(&keys(""), &Method::GET, &[], AT).unwrap();
        assert_eq!(
            uri.to_string(),
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
             &X-Amz-Date=20130524T000000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
             &X-Amz-Signature=48fe7214bdb5177ffc88bb6753db570c585be48e6ea48062c7778215649b0d7e"
        );
        let place = Place {
            endpoint: "http://127.0.0.1:9000".parse().unwrap(),
            path_style: true,
            key: "课 a+b/c&d.mp4".to_owned(),
            ..place()
        };
        let query = [("partNumber", "7"), ("uploadId", "a/b+c")];
        let uri = place
            .signed(&keys("to/ken+=="), &Method::PUT, &query, AT)
            .unwrap();
        assert_eq!(
            uri.to_string(),
            "http://127.0.0.1:9000/examplebucket/%E8%AF%BE%20a%2Bb/c%26d.mp4?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
             &X-Amz-Date=20130524T000000Z&X-Amz-Expires=900&X-Amz-Security-Token=to%2Fken%2B%3D%3D\
             &X-Amz-SignedHeaders=host&partNumber=7&uploadId=a%2Fb%2Bc\
             &X-Amz-Signature=714d04a554be290c6b0a9a48150627cbc72a13b809a77cab474508034e368900"
        );
    }

    #[test]
    fn what_no_address_can_hold_is_refused() {
        let with = |change: &dyn Fn(&mut Place)| {
            let mut place = place();
            change(&mut place);
            place.check().map_err(|error| error.kind())
        };
        assert_eq!(with(&|_| {}), Ok(()));
        assert_eq!(with(&|place| place.key = "a".repeat(LONGEST_KEY)), Ok(()));
        let refused = Err(ErrorKind::InvalidInput);
        for key in ["", "/a", "a/", "a//b", "../a", "a/./b"] {
            assert_eq!(with(&|place| place.key = key.to_owned()), refused, "{key}");
        }
        let long = "a".repeat(LONGEST_KEY + 1);
        assert_eq!(with(&|place| place.key.clone_from(&long)), refused);
        for bucket in ["", "..", "a/b", "Upper", "a.b"] {
            let set = |place: &mut Place| place.bucket = bucket.to_owned();
            assert_eq!(with(&set), refused, "{bucket}");
        }
        let in_path = |place: &mut Place| {
            place.path_style = true;
            place.bucket = "Upper.b".to_owned();
        };
        assert_eq!(with(&in_path), Ok(()));
        for region in ["", "a/b"] {
            assert_eq!(with(&|place| place.region = region.to_owned()), refused);
        }
    }
}
