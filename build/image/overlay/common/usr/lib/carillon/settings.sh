# Read by the scripts beside it: what kiosk.conf said, once read-conf has checked it, and where things are kept.

run=${CARILLON_RUN:-/run/carillon}
state=${CARILLON_STATE:-/var/lib/carillon}
watched=${CARILLON_WATCHED:-/var/lib/carillon-watch}

# setting NAME [DEFAULT]
setting() {
	if [ -r "$run/settings/$1" ]; then cat "$run/settings/$1"; else printf '%s' "${2-}"; fi
}
