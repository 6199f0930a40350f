//! Wide arithmetic and the alignment of words.
