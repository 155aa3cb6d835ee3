import { expect, test } from 'vitest'
import { checkPassword } from './password-rules.ts'

const ada = { email: 'ada@engines.example.org', name: 'Ada Lovelace' }

test.each([
  ['common', 'password12'],
  ['common, with a capital and a sign', 'Password123!'],
  ['common, spelled with figures', 'p4ssw0rd2024'],
  ['a row of keys', 'qwertyuiop'],
  ['one letter', 'aaaaaaaaaaaa'],
  ['a season and a year', 'Summer2026!'],
  ['her own name', 'Lovelace1815'],
  ['her own address', 'ada@engines.example.org'],
  ['the name of this program', 'carillon2026'],
  ['the same word over and over', 'dragon'.repeat(20)],
])('a password is refused that is %s', async (_, password) => {
  await expect(checkPassword(password, ada)).rejects.toMatchObject({ code: 'bad_request' })
})

test.each(['correct horse', 'a bell rings at nine', 'kX9$mQ2pLw', 'vier worte die nicht passen', '鐘が鳴る朝の教会で'])(
  'a good one is taken: %s',
  async (password) => {
    await expect(checkPassword(password, ada)).resolves.toBeUndefined()
  },
)
