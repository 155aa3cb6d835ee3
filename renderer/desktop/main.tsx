import '../shared/zod-without-eval.ts'
import './desktop.css'
import type { CarillonBridge } from '#protocol/ipc.ts'
import { startPage } from '../mantine/start-page.tsx'
import { Desktop } from './desktop.tsx'

const { desktop } = (window as { carillon?: CarillonBridge }).carillon ?? {}
startPage(
  desktop === undefined ? <p>This page works inside the Carillon desktop app only.</p> : <Desktop bridge={desktop} />,
)
