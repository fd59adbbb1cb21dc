# tests of provider
