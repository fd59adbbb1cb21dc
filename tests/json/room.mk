# tests of json
