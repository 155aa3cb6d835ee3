import { z } from 'zod'

// Zod tries whether it may compile its schemas, which the content security policy refuses with a line in the console.
z.config({ jitless: true })
