"""PDF: characters, layout, boxes and links; never the store."""
