# ctl: floor 6, callboardctl
