import '../shared/zod-without-eval.ts'
import './console.css'
import './account/account.css'
import './screens/screens.css'
import './tasks/tasks.css'
import { startPage } from '../mantine/start-page.tsx'
import { createApiClient } from './api-client.ts'
import { Console } from './console.tsx'

startPage(<Console api={createApiClient()} />)
