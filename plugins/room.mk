# plugins: one folder each
