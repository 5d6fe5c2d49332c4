package local_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/effort"
)

// browser is a headless Chromium, driven through chromedriver by the WebDriver protocol.
type browser struct {
	t       testing.TB
	session string // URL of the session
}

// elementKey is how WebDriver marks a reference to an element.
const elementKey = "element-6066-11e4-a52e-4f735466cecf"

// chromiumNames are the names under which systems install the browser.
func chromiumNames() []string { return []string{"chromium", "chromium-browser", "google-chrome"} }

// openBrowser starts a browser with an empty profile, or skips the test.
func openBrowser(t testing.TB) *browser {
	t.Helper()
	driver, err := exec.LookPath("chromedriver")
	if err != nil {
		t.Skip("chromedriver is not installed")
	}
	var binary string
	for _, name := range chromiumNames() {
		if path, err := exec.LookPath(name); err == nil && binary == "" {
			binary = path
		}
	}
	if binary == "" {
		t.Skip("chromium is not installed")
	}
	b := &browser{t: t}
	base := b.startDriver(driver)
	patience := effort.Patience(10 * time.Second).Milliseconds()
	answer := b.call(http.MethodPost, base+"/session", map[string]any{"capabilities": map[string]any{
		"alwaysMatch": map[string]any{
			"timeouts":          map[string]any{"implicit": patience, "script": patience},
			"goog:loggingPrefs": map[string]any{"browser": "ALL"},
			"goog:chromeOptions": map[string]any{"binary": binary, "args": []string{
				"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
				"--disable-background-networking", "--disable-component-update", "--disable-sync",
				"--window-size=1280,860", "--user-data-dir=" + t.TempDir(),
			}},
		},
	}})
	id := answer.(map[string]any)["sessionId"].(string)
	b.session = base + "/session/" + id
	t.Cleanup(func() { b.call(http.MethodDelete, b.session, nil) })
	return b
}

// startDriver runs chromedriver on a free port until the test ends.
func (b *browser) startDriver(program string) (base string) {
	b.t.Helper()
	command := exec.Command(program, "--port=0")
	out, err := command.StdoutPipe()
	require.NoError(b.t, err)
	require.NoError(b.t, command.Start())
	b.t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait() // it was killed
	})
	started := regexp.MustCompile(`started successfully on port (\d+)`)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if found := started.FindStringSubmatch(lines.Text()); found != nil {
			return "http://127.0.0.1:" + found[1]
		}
	}
	b.t.Fatal("chromedriver did not start")
	return ""
}

// call sends one WebDriver command that cannot fail, and returns its value.
func (b *browser) call(method, url string, body any) any {
	b.t.Helper()
	answer, err := b.try(method, url, body)
	require.NoError(b.t, err)
	return answer
}

// try sends one WebDriver command and returns its value.
func (b *browser) try(method, url string, body any) (any, error) {
	b.t.Helper()
	text := []byte("{}")
	if body != nil {
		var err error
		text, err = json.Marshal(body)
		require.NoError(b.t, err)
	}
	request, err := http.NewRequest(method, url, bytes.NewReader(text))
	require.NoError(b.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	reply, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %s", method, url, reply)
	}
	var answer struct {
		Value any `json:"value"`
	}
	require.NoError(b.t, json.Unmarshal(reply, &answer))
	return answer.Value, nil
}

func (b *browser) command(name string, body any) any {
	b.t.Helper()
	return b.call(http.MethodPost, b.session+"/"+name, body)
}

func (b *browser) open(url string) { b.command("url", map[string]any{"url": url}) }

// find waits for an element and returns the path of its commands.
func (b *browser) find(css string) string {
	b.t.Helper()
	found := b.command("element", map[string]any{"using": "css selector", "value": css})
	return "element/" + found.(map[string]any)[elementKey].(string)
}

func (b *browser) click(css string) {
	b.t.Helper()
	b.command(b.find(css)+"/click", nil)
}

func (b *browser) enter(css, text string) {
	b.t.Helper()
	at := b.find(css)
	b.command(at+"/clear", nil)
	b.command(at+"/value", map[string]any{"text": text})
}

// run runs JavaScript, which returns with return.
func (b *browser) run(script string) any {
	b.t.Helper()
	return b.command("execute/sync", map[string]any{"script": script, "args": []any{}})
}

// shows waits until an element has a text that contains want, as people read it.
func (b *browser) shows(css, want string) {
	b.t.Helper()
	const script = `const [css, want, done] = arguments;
		const look = () => {
			const text = document.querySelector(css)?.innerText ?? "";
			if (text.includes(want)) done(true); else requestAnimationFrame(look);
		};
		look();`
	answer, err := b.try(http.MethodPost, b.session+"/execute/async",
		map[string]any{"script": script, "args": []any{css, want}})
	if err != nil {
		text := b.run("return document.body.innerText")
		require.FailNow(b.t, "not shown", "%s: want %q; the page: %s", css, want, text)
	}
	require.Equal(b.t, true, answer)
}

// complaints lists what the browser wrote to its console as an error: broken scripts and
// breaches of the content security policy among them.
func (b *browser) complaints() []any {
	b.t.Helper()
	var list []any
	entries, _ := b.command("se/log", map[string]any{"type": "browser"}).([]any)
	for _, entry := range entries {
		if fields := entry.(map[string]any); fields["level"] == "SEVERE" {
			list = append(list, fields["message"])
		}
	}
	return list
}

// screenshotsVariable names a folder that keeps the screenshots: docs, to renew those of
// the documentation.
const screenshotsVariable = "EXPLORER_SCREENSHOTS"

// screenshot keeps what the browser shows, where the variable asks for it.
func (b *browser) screenshot(name string) {
	b.t.Helper()
	text, _ := b.call(http.MethodGet, b.session+"/screenshot", nil).(string)
	image, err := base64.StdEncoding.DecodeString(text)
	require.NoError(b.t, err)
	require.True(b.t, bytes.HasPrefix(image, []byte("\x89PNG")))
	if dir := os.Getenv(screenshotsVariable); dir != "" {
		require.NoError(b.t, os.WriteFile(filepath.Join("..", "..", dir, name), image, 0o600))
	}
}
