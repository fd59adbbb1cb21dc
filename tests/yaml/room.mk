# tests of yaml
