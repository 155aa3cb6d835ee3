import { createTheme, defaultVariantColorsResolver, type MantineColorsTuple } from '@mantine/core'

/** The metal of bells. Shade 7 carries white text, shade 4 dark text. */
const brass: MantineColorsTuple = [
  '#fdf6e7',
  '#f8e9c8',
  '#f1d599',
  '#eac172',
  '#e6b765',
  '#c98f34',
  '#a87322',
  '#85550f',
  '#6b440c',
  '#4d3008',
]
/** Ink: the dark theme's text (0) down to its ground (7 and below). */
const dark: MantineColorsTuple = [
  '#e9e8e4',
  '#c9cdd5',
  '#a9b0bc',
  '#8a93a2',
  '#353d4a',
  '#2b323d',
  '#181d25',
  '#0f1217',
  '#0b0e12',
  '#07090c',
]

/** Paper: warm where Mantine's own gray is cold. */
const gray: MantineColorsTuple = [
  '#f7f4ee',
  '#efebe3',
  '#e6e0d5',
  '#ddd6c9',
  '#cbc3b4',
  '#8f8778',
  '#6f685c',
  '#565e6c',
  '#3a4049',
  '#1a1e26',
]
/** For what cannot be undone and what went wrong. Shade 7 carries white text, shade 4 dark text. */
const red: MantineColorsTuple = [
  '#fdeeea',
  '#fbd9d1',
  '#f8c2b5',
  '#f7b3a3',
  '#ffab95',
  '#d9573d',
  '#bf3d24',
  '#a12c17',
  '#872310',
  '#6b1a0a',
]

/** The face of the desktop app and the console. */
export const theme = createTheme({
  primaryColor: 'brass',
  primaryShade: { light: 7, dark: 4 },
  // What is filled is dark in the light theme and light in the dark one; Mantine would write white on both.
  variantColorResolver: (input) => ({
    ...defaultVariantColorsResolver(input),
    ...(input.variant === 'filled' ? { color: 'var(--on-filled)' } : {}),
  }),
  colors: { brass, dark, gray, red },
  black: '#1a1e26',
  fontFamily: '"Manrope Variable", "Noto Sans", "DejaVu Sans", system-ui, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Noto Sans Mono", "DejaVu Sans Mono", monospace',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  headings: { fontWeight: '650' },
  components: {
    ModalRoot: {
      // The scroll lock writes a style element, which the content security policy forbids.
      defaultProps: {
        lockScroll: false,
        centered: true,
        // What a dialog is about may be gone the moment it closes.
        transitionProps: { duration: 0 },
      },
    },
    Tooltip: { defaultProps: { withArrow: true, events: { hover: true, focus: true, touch: true } } },
    Menu: {
      defaultProps: {
        position: 'bottom-end',
        shadow: 'md',
        // Menus belong to the landmark they are in, and nothing but items belongs into a menu.
        withinPortal: false,
        withInitialFocusPlaceholder: false,
        transitionProps: { duration: 0 },
      },
    },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    PasswordInput: {
      defaultProps: {
        visibilityToggleFocusable: true,
        visibilityToggleButtonProps: { 'aria-label': 'Show or hide the password' },
      },
    },
  },
})
