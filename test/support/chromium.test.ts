import { expect, test } from 'vitest'
import { launchChromium } from './chromium.ts'
import { describeWith } from './needs.ts'

describeWith(['chromium'], 'the Chromium of the tests', () => {
  test('shows a page', async () => {
    await using browser = await launchChromium()
    const page = await browser.newPage()
    await page.goto('data:text/html,<title>Ding</title>')
    expect(await page.title()).toBe('Ding')
  })
})
