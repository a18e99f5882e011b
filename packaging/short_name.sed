# SPDX-License-Identifier: BSD-2-Clause
# The man page for the package: under its program's name, and with the files where the package has them.
s/^\.Dt XDP-TRAFFICGEN/.Dt XTG/
s/^\.Nm xdp-trafficgen$/.Nm xtg ,\
.Nm xdp-trafficgen/
s/^\.Dl xdp-trafficgen/.Dl xtg/
s#^\.Pa \(man/\|scripts/\)\{0,1\}\(x[-a-z]*\.\(schema\.json\|lua\)\)#.Pa /usr/share/xdp-trafficgen-ng/\2#
