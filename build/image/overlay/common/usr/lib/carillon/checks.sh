# Read by read-conf: which values a setting may have.

# matches TEXT PATTERN
matches() { printf '%s\n' "$1" | grep -Eqx -e "$2"; }

host='(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)'
byte='(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
ip="$byte\.$byte\.$byte\.$byte"
hour='([01][0-9]|2[0-3]):[0-5][0-9]'

# checked NAME VALUE: the value in the one way we write it; fails when it is wrong.
checked() {
	given=$2
	case $1 in
	country) given=$(printf '%s' "$2" | tr a-z A-Z) ;;
	rotation | display | profile | pointer | ssh | update_window) given=$(printf '%s' "$2" | tr A-Z a-z) ;;
	allow | dns) given=$(printf '%s' "$2" | tr -s ', \t' ' ') ;;
	esac
	printf '%s' "$given"
	! printf '%s' "$given" | grep -q '[[:cntrl:]]' || return 1
	case $1 in
	server) matches "$given" "(https?://)?$host(:[0-9]{1,5})?/?" ;;
	name) [ ${#given} -le 63 ] ;;
	wifi_ssid) [ ${#given} -le 32 ] ;;
	wifi_password) [ ${#given} -ge 8 ] && [ ${#given} -le 63 ] || matches "$given" '[0-9A-Fa-f]{64}' ;;
	country) matches "$given" '[A-Z]{2}' ;;
	address) matches "$given" "$ip/([1-9]|[12][0-9]|3[0-2])" ;;
	gateway) matches "$given" "$ip" ;;
	dns) matches "$given" "$ip( $ip){0,2}" ;;
	timezone) matches "$given" '[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}' && [ -f "$zones/$given" ] ;;
	rotation) matches "$given" '0|90|180|270' ;;
	display) matches "$given" 'auto|[0-9]{3,4}x[0-9]{3,4}(@[0-9]{2,3})?' ;;
	allow) matches "$given" "https?://$host(:[0-9]{1,5})?( https?://$host(:[0-9]{1,5})?)*" ;;
	profile) matches "$given" 'auto|low|usual' ;;
	pointer | ssh) matches "$given" 'on|off' ;;
	update_window) matches "$given" "off|$hour-$hour" ;;
	esac
}

# expected NAME: what it should have been, and what is done instead.
expected() {
	case $1 in
	server) printf 'the address of a server, as in https://carillon.example.org.' ;;
	name) printf 'a name of at most 63 characters.' ;;
	wifi_ssid) printf 'the name of a network, of at most 32 characters.' ;;
	wifi_password) printf 'a password of 8 to 63 characters, or a key of 64 hexadecimal digits.' ;;
	country) printf 'a country in two letters, as in DE.' ;;
	address) printf 'an address with the bits of its network, as in 192.168.1.50/24. DHCP is asked instead.' ;;
	gateway) printf 'an address, as in 192.168.1.1.' ;;
	dns) printf 'one to three addresses, as in 192.168.1.1 9.9.9.9.' ;;
	timezone) printf 'a time zone, as in Europe/Berlin. It is UTC instead.' ;;
	rotation) printf '0, 90, 180 or 270. The screen is not turned.' ;;
	display) printf 'auto or a size, as in 1280x720 or 1920x1080@50. The screen decides.' ;;
	allow) printf 'a list of origins, as in https://signs.example.org. None is allowed besides the server.' ;;
	profile) printf 'auto, low or usual. It goes by the memory.' ;;
	pointer) printf 'on or off. It is off.' ;;
	ssh) printf 'on or off. It is off.' ;;
	update_window) printf 'off or two times, as in 03:00-05:00. It is 03:00-05:00.' ;;
	esac
}
