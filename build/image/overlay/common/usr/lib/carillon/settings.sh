# Read by the scripts beside it: what kiosk.conf said, once read-conf has checked it.

run=${CARILLON_RUN:-/run/carillon}
state=/var/lib/carillon

# setting NAME [DEFAULT]
setting() {
	if [ -r "$run/settings/$1" ]; then cat "$run/settings/$1"; else printf '%s' "${2-}"; fi
}
