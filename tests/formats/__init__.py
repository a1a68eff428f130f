"""What is on people's disks by now: written by the code of a day, and opened by that of every later one."""
