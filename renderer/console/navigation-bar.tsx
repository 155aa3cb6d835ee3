import { Menu } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconChevronDown } from '@tabler/icons-react'
import type { Me } from '#protocol/api.ts'
import { linkTo } from './location.ts'
import { type NavigationPage, navigationFor } from './navigation.ts'

/** The pages of the console. Those for administrators fold into a menu where there is no room beside each other. */
export function NavigationBar({ me, path }: { readonly me: Me; readonly path: string }) {
  const hasRoom = useMediaQuery('(min-width: 75rem)', undefined, { getInitialValueInEffect: false })
  const { everyday, administration } = navigationFor(me)
  return (
    <nav className="bar-nav" aria-label="Pages">
      <Links pages={everyday} path={path} />
      {administration.length > 0 &&
        (hasRoom ? (
          <>
            <span className="bar-divider" />
            <Links pages={administration} path={path} />
          </>
        ) : (
          <AdministrationMenu pages={administration} path={path} />
        ))}
    </nav>
  )
}

interface LinksProps {
  readonly pages: readonly NavigationPage[]
  readonly path: string
}

function Links({ pages, path }: LinksProps) {
  return pages.map((page) => (
    <a key={page.path} className="bar-link" {...linkTo(page.path)} {...current(isAt(page, path))}>
      {page.label}
    </a>
  ))
}

function AdministrationMenu({ pages, path }: LinksProps) {
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <button type="button" className="bar-link" {...current(pages.some((page) => isAt(page, path)))}>
          Administration <IconChevronDown size={16} stroke={1.6} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {pages.map((page) => (
          <Menu.Item key={page.path} component="a" {...linkTo(page.path)} {...current(isAt(page, path))}>
            {page.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function isAt(page: NavigationPage, path: string): boolean {
  // The page of one screen has no place of its own in the bar.
  if (page.path === '/') return path === '/' || path.startsWith('/screens/')
  return path === page.path || path.startsWith(`${page.path}/`)
}

function current(is: boolean) {
  return is ? { 'aria-current': 'page' as const } : {}
}
