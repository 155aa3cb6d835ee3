import { Button, Group } from '@mantine/core'
import { IconCopy, IconDownload, IconPrinter } from '@tabler/icons-react'
import { ShownOnce } from '../../mantine/shown-once.tsx'
import { copyText } from '../copy-text.ts'
import { downloadText } from '../download-text.ts'

interface BackupCodesProps {
  readonly codes: readonly string[]
  readonly onKept: () => void
}

/** Shown this once. */
export function BackupCodes({ codes, onKept }: BackupCodesProps) {
  const text = `${['Back-up codes for Carillon', window.location.origin, '', ...codes].join('\n')}\n`
  return (
    <ShownOnce>
      <p>
        Each of these works once instead of a code of the app. They are not shown again: keep them where you find them
        without your phone.
      </p>
      <div className="printed">
        <p className="print-only">Back-up codes for Carillon, {window.location.origin}</p>
        <ol className="backup-codes" aria-label="Back-up codes">
          {codes.map((code) => (
            <li key={code}>
              <code>{code}</code>
            </li>
          ))}
        </ol>
      </div>
      <Group gap="sm">
        <Button
          variant="default"
          leftSection={<IconCopy size={17} aria-hidden="true" />}
          onClick={() => void copyText(codes.join('\n'), 'The back-up codes are copied.')}
        >
          Copy
        </Button>
        <Button
          variant="default"
          leftSection={<IconDownload size={17} aria-hidden="true" />}
          onClick={() => downloadText('carillon-back-up-codes.txt', text)}
        >
          Download
        </Button>
        <Button
          variant="default"
          leftSection={<IconPrinter size={17} aria-hidden="true" />}
          onClick={() => window.print()}
        >
          Print
        </Button>
        <Button ml="auto" onClick={onKept}>
          I have kept them
        </Button>
      </Group>
    </ShownOnce>
  )
}
