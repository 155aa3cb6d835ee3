import { Button } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { Brand } from '../../mantine/brand.tsx'
import { DoorPage } from '../door-page.tsx'
import { linkTo } from '../location.ts'

export function DeviceGrantDecided({ accepted }: { readonly accepted: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <DoorPage>
      <div className="door-form">
        <Brand large />
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {accepted ? 'Allowed' : 'Denied'}
          </h1>
          <p className="soft">
            {accepted
              ? 'It goes on by itself in a few seconds. You can end its access at any time under My account.'
              : 'It gets nothing, and its code does not work any more.'}
          </p>
        </div>
        <Button component="a" variant="default" {...linkTo(accepted ? '/account' : '/')}>
          {accepted ? 'Go to My account' : 'Go to the console'}
        </Button>
      </div>
    </DoorPage>
  )
}
