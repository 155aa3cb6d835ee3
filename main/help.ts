/** What `--help` prints. */
export const help = `Carillon on this screen: a window at a desk, or with --kiosk a full screen that nobody stands beside.

  --server ADDRESS         the server; also CARILLON_SERVER. Else the one of last time
  --kiosk                  full screen, enrolled as a device
  --user-data-dir FOLDER   where settings and logs are; one app runs for each folder
  --help

Of a kiosk:
  --windowed               in an ordinary window, to try it out
  --allow ORIGIN           also show pages of this origin; may be given more than once
  --profile low|usual      how memory is used; else as fits the machine
  --load-timeout SECONDS   how long a page may take to load
  --memory-ceiling MB      what the process of a page may use before it is loaded anew
  --pinch-zoom             two fingers enlarge a page
  --pointer                draw the pointer over a page
  --allow-reboot           the machine may be restarted from the console and the pane
  --reboot-command TEXT    with this program, "systemctl reboot" by default
  --credential-storage file
                           say so where the keychain's own key lies on the same disk
  --heartbeat FILE         touch this file as long as the kiosk lives
  --notice FILE            show what this file says was wrong before the start
  --restart-window TIMES   begun anew each night between these, as in 03:00-05:00: the pane says so

Examples:
  carillon --server https://carillon.example.org
  carillon --kiosk --server https://carillon.example.org --allow https://signs.example.org

Switches of Chromium, such as --disable-gpu, are passed on.
`
