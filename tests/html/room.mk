# tests of html
