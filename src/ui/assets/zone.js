// Tells the server in which time zone the viewer's clock is, so that pages are written in it.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
if (zone) {
  const secure = location.protocol === 'https:' ? '; secure' : ''
  document.cookie = `tollgate-zone=${encodeURIComponent(zone)}; path=/ui; max-age=31536000; samesite=strict${secure}`
}
