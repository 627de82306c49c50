"""Hands the typed settings to the modules that know none of their own."""

from backline.config.settings import Settings
from backline.kernel.storage.s3 import S3Config
from backline.kernel.storage.store import StorageConfig, configure


def storage_config(settings: Settings) -> StorageConfig:
    """Where this installation's blobs lie."""
    s3 = None
    if settings.s3_bucket:
        s3 = S3Config(
            bucket=settings.s3_bucket,
            endpoint_url=settings.s3_endpoint_url,
            region=settings.s3_region,
            access_key_id=settings.s3_access_key_id,
            secret_access_key=settings.s3_secret_access_key,
        )
    return StorageConfig(data_dir=settings.data_dir, secret_key=settings.secret_key, s3=s3)


def configure_storage(settings: Settings) -> None:
    """Choose the blob store of this process, and make the folder for files that arrive."""
    settings.incoming_dir.mkdir(parents=True, exist_ok=True, mode=0o750)
    configure(storage_config(settings))
