"""Kinds of special points, one file each; `registry` lists them, `special_kind` says what a file tells."""
