/**
 * Headers of a file whose name and content somebody else chose: it is saved, and not shown as a page of this site. The
 * quoted name is for what reads nothing newer, the other one is the name itself (RFC 6266).
 */
export function attachment(name: string, type: string): Record<string, string> {
  const plain = name.replaceAll(/[^\w.-]/g, '_')
  const whole = encodeURIComponent(name).replaceAll(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)
  return {
    'content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${whole}`,
    'content-type': mediaType.test(type) ? type : 'application/octet-stream',
  }
}

const mediaType = /^[\w.+-]{1,80}\/[\w.+-]{1,80}(; ?charset=[\w-]{1,40})?$/
