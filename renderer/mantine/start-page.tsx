import '@fontsource-variable/manrope'
import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import './page.css'
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { type ReactNode, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { adoptTheme } from './adopt-theme.ts'
import { theme } from './theme.ts'

/** Renders a page of the desktop app or the console: the theme, the notices, and what is given. */
export function startPage(content: ReactNode): void {
  const root = document.getElementById('root')
  if (root === null) throw new Error('The page has no #root.')
  adoptTheme(theme)
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
        <Notifications position="bottom-right" />
        {content}
      </MantineProvider>
    </StrictMode>,
  )
}
