# Read by update: whether a time lies in a window, which may go over midnight.

minutes() {
	hours=${1%:*}
	rest=${1#*:}
	# A leading zero would make it octal.
	echo $((${hours#0} * 60 + ${rest#0}))
}

# is_open 23:00-01:30 00:10
is_open() {
	from=$(minutes "${1%-*}")
	to=$(minutes "${1#*-}")
	now=$(minutes "$2")
	if [ "$from" -le "$to" ]; then
		[ "$now" -ge "$from" ] && [ "$now" -lt "$to" ]
	else
		[ "$now" -ge "$from" ] || [ "$now" -lt "$to" ]
	fi
}
