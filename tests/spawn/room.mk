# tests of spawn
