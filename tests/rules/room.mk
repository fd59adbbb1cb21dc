# rule checks
