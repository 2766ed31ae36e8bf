"""The rules: one suite (JSON) per gated asset, and the custom expectations. See ``README.md``. This file imports nothing."""
