# tests of registry
