"""Fixtures of the tests about packages."""

from voice_assets_tests.release.small_package import signed_package as signed_package
from voice_assets_tests.release.small_package import signing_keys as signing_keys
from voice_assets_tests.release.small_package import small_package as small_package
from voice_assets_tests.release.small_package import small_voice as small_voice
