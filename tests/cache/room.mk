# tests of cache
