"""The carrier board as design files that programs check, simulate and draw."""
