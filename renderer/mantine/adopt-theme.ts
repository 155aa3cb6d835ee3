import {
  convertCssVariables,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  type MantineThemeOverride,
  mergeMantineTheme,
} from '@mantine/core'

/**
 * Gives the page the theme's CSS variables through a constructed style sheet. Mantine itself would write them into a
 * style element, and that would need `style-src 'unsafe-inline'`.
 */
export function adoptTheme(override: MantineThemeOverride): void {
  const { variables, light, dark } = defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, override))
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(
    convertCssVariables({
      variables,
      light: { ...light, '--mantine-color-scheme': 'light' },
      dark: { ...dark, '--mantine-color-scheme': 'dark' },
    }),
  )
  document.adoptedStyleSheets.push(sheet)
}
