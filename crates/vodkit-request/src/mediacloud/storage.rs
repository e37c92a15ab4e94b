//! The object storage that media files go to before they are registered.

use vodkit_types::Secret;
use vodkit_types::mediacloud::StsToken;

use crate::base_url::BaseUrl;
use crate::error::Error;

/// Where the object storage (MOS) is. It speaks S3; the vendor's pages name neither address nor region, so the caller gives both.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectStorage {
    /// Address without a bucket.
    pub endpoint: BaseUrl,
    /// Region that requests are signed for.
    pub region: String,
    /// Whether the bucket is the first part of the path (`true`) or of the host name.
    pub path_style: bool,
}

impl ObjectStorage {
    /// A storage with the bucket in the path, as public examples of this vendor's storage have it.
    ///
    /// # Errors
    /// When the endpoint is not an address.
    pub fn new(endpoint: &str, region: impl Into<String>) -> Result<Self, Error> {
        Ok(Self {
            endpoint: endpoint.parse()?,
            region: region.into(),
            path_style: true,
        })
    }

    /// The same storage with the bucket in the host name.
    #[must_use]
    pub fn virtual_hosted(mut self) -> Self {
        self.path_style = false;
        self
    }

    /// Everything that an S3 client needs, with the keys of a login.
    #[must_use]
    pub fn access(&self, keys: &StsToken) -> StorageAccess {
        StorageAccess {
            storage: self.clone(),
            access_key_id: keys.access_key_id.clone(),
            secret_access_key: keys.secret_access_key.clone(),
            session_token: keys.session_token.clone(),
        }
    }
}

/// What an S3 client of the program's choice is set up with. The keys expire; when is not said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StorageAccess {
    /// Where it is.
    pub storage: ObjectStorage,
    /// Id of the key.
    pub access_key_id: Secret,
    /// The key that signs (AWS Signature V4).
    pub secret_access_key: Secret,
    /// Goes with each request as `x-amz-security-token`.
    pub session_token: Secret,
}
