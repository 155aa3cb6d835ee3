import { notifications } from '@mantine/notifications'

/** Puts a text where it can be pasted from, and says so. */
export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    notifications.show({ message: done })
  } catch {
    // Browsers let only pages behind https, and those of this computer, write there.
    notifications.show({ color: 'red', message: 'This browser does not let the page copy. Mark the text instead.' })
  }
}
