# tests of copy
