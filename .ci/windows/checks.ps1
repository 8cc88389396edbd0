# Checks on Windows itself what no emulation has: other programs' pipes, other accounts, the network, Application
# Verifier, and freeing a library. `pwsh .ci/windows/checks.ps1`, as an elevated administrator, on a machine that may be
# thrown away: it makes a local user and a scheduled task. Needs Rust, Go, Node and the Windows SDK.
#requires -Version 7
#requires -RunAsAdministrator
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Set-Location (Join-Path $PSScriptRoot '../..')

$limit = 150 # seconds; peer.exe gives up earlier
$failed = @()

function Check([string] $name, [scriptblock] $body) {
    Write-Host "== $name =="
    try {
        & $body
        Write-Host "-- ${name}: ok"
    } catch {
        $script:failed += $name
        Write-Host "-- ${name}: FAILED: $_`n$($_.ScriptStackTrace)"
    }
}

function Invoke-Program([string] $file, [string[]] $arguments) {
    & $file @arguments
    if ($LASTEXITCODE -ne 0) { throw "$file $arguments`: exit status $LASTEXITCODE" }
}

# A program that other users can start, with its output in files beside it.
$place = Join-Path $env:PUBLIC 'interprocess-checks'
New-Item -ItemType Directory -Force $place | Out-Null
Invoke-Program icacls $place, '/grant', '*S-1-1-0:(OI)(CI)M', '/q'
Invoke-Program cargo 'build', '-p', 'peer', '--locked'
$target = if ($env:CARGO_TARGET_DIR) { $env:CARGO_TARGET_DIR } else { 'target' }
'peer.exe', 'unload.exe', 'unloaded.dll' | ForEach-Object { Copy-Item (Join-Path $target 'debug' $_) $place }
$peer = Join-Path $place 'peer.exe'

$number = 0
function New-PipeName { "interprocess-check-$PID-$((++$script:number))" }

function Start-Program([string] $file, [string[]] $arguments, [pscredential] $as) {
    $output = Join-Path $place "output-$((++$script:number))"
    $options = @{
        FilePath = $file; ArgumentList = $arguments; WorkingDirectory = $place; PassThru = $true
        RedirectStandardOutput = "$output.txt"; RedirectStandardError = "$output.err"
    }
    if ($as) { $options.Credential = $as } else { $options.NoNewWindow = $true }
    $process = Start-Process @options
    $null = $process.Handle # else the exit status is lost
    [pscustomobject]@{ Process = $process; Output = $output; Command = "$file $arguments" }
}

function Wait-Program($program) {
    if (-not $program.Process.WaitForExit($limit * 1000)) {
        $program.Process.Kill($true)
        throw "$($program.Command): out of time"
    }
    $program.Process.WaitForExit()
    $said = @('txt', 'err' | ForEach-Object { Get-Content -Raw "$($program.Output).$_" }) -join ''
    Write-Host "$($program.Command)`: exit status $($program.Process.ExitCode)`n$said"
    $said
}

# It has to succeed, and to say so much.
function Complete-Program($program, [string] $expected = '') {
    $said = Wait-Program $program
    if ($program.Process.ExitCode -ne 0) { throw "$($program.Command): exit status $($program.Process.ExitCode)" }
    if ($said -notmatch $expected) { throw "$($program.Command): said no $expected" }
}

# It has to fail with this kind of error.
function Deny-Program($program, [string] $kind = 'PermissionDenied') {
    $said = Wait-Program $program
    if ($program.Process.ExitCode -eq 0) { throw "$($program.Command): was let in" }
    if ($said -notmatch "peer: ($kind):") { throw "$($program.Command): failed, but not with $kind" }
}

function Start-Peer([string[]] $arguments, [pscredential] $as) { Start-Program $peer ($arguments -ne '') $as }

$modes = '', 'tokio'
$known = 'process Some\(\d+\)'

# -- other programs --

# Our client and server at the other end of a program that has the same two roles.
function Test-Exchange([string] $file, [string[]] $arguments) {
    foreach ($mode in $modes) {
        $path = "\\.\pipe\$(New-PipeName)"
        $server = Start-Program $file ($arguments + 'serve', $path)
        Complete-Program (Start-Peer 'call', $path, $mode) $known
        Complete-Program $server

        $path = "\\.\pipe\$(New-PipeName)"
        $server = Start-Peer 'serve', $path, '1', $mode
        Complete-Program (Start-Program $file ($arguments + 'call', $path))
        Complete-Program $server $known
    }
}

Check 'Node' { Test-Exchange 'node' (Join-Path $PSScriptRoot 'node.mjs') }

Check 'go-winio' {
    $program = Join-Path $place 'winio.exe'
    Push-Location (Join-Path $PSScriptRoot 'winio')
    try { Invoke-Program go 'build', '-o', $program, '.' } finally { Pop-Location }
    Test-Exchange $program @()
}

# What .NET calls default: no size for the buffers.
$netOptions = 'None', 'Asynchronous', 'CurrentUserOnly'

Check '.NET servers' {
    foreach ($options in $netOptions) {
        foreach ($mode in $modes) {
            $name = New-PipeName
            $server = [IO.Pipes.NamedPipeServerStream]::new($name, 'InOut', 1, 'Byte', $options)
            try {
                $client = Start-Peer 'call', "\\.\pipe\$name", $mode
                if (-not $server.WaitForConnectionAsync().Wait($limit * 1000)) { throw 'no client' }
                $buffer = [byte[]]::new(65536)
                while (($count = $server.Read($buffer, 0, $buffer.Length)) -gt 0) {
                    $server.Write($buffer, 0, $count)
                }
            } finally {
                $server.Dispose()
            }
            Complete-Program $client $known
        }
    }
}

Check '.NET clients' {
    foreach ($options in $netOptions) {
        foreach ($mode in $modes) {
            $name = New-PipeName
            $access = if ($options -eq 'CurrentUserOnly') { 'current-user' } else { '' }
            $server = Start-Peer 'serve', "\\.\pipe\$name", '1', $mode, $access
            $client = [IO.Pipes.NamedPipeClientStream]::new('.', $name, 'InOut', $options)
            try {
                $client.Connect($limit * 1000)
                $sent = [byte[]]::new(4096)
                $received = [byte[]]::new(4096)
                for ($round = 0; $round -lt 256; $round++) {
                    [Random]::Shared.NextBytes($sent)
                    $client.Write($sent, 0, $sent.Length)
                    $client.ReadExactly($received, 0, $received.Length)
                    if (-not [Linq.Enumerable]::SequenceEqual($sent, $received)) { throw 'the answer differs' }
                }
            } finally {
                $client.Dispose()
            }
            Complete-Program $server $known
        }
    }
}

# -- the network --

Check 'SMB' {
    foreach ($mode in $modes) {
        $name = New-PipeName
        $server = Start-Peer 'serve', "\\.\pipe\$name", '1', 'remote'
        Complete-Program (Start-Peer 'call', "\\localhost\pipe\$name", $mode)
        Complete-Program $server

        # By default the network is kept out. The second client is for the server to end.
        $name = New-PipeName
        $server = Start-Peer 'serve', "\\.\pipe\$name", '1', $mode
        Start-Sleep 2 # that the pipe exists is not to be seen from the network, which is what is checked
        Deny-Program (Start-Peer 'call', "\\localhost\pipe\$name", $mode) 'PermissionDenied|NotFound|InvalidInput'
        Complete-Program (Start-Peer 'call', "\\.\pipe\$name", $mode)
        Complete-Program $server
    }
}

# -- other accounts --

Check 'second account' {
    $user = "ip3-$PID"
    $password = 'aA1!' + [guid]::NewGuid().ToString('N').Substring(0, 10)
    Invoke-Program net 'user', $user, $password, '/add'
    try {
        $other = [pscredential]::new("$env:COMPUTERNAME\$user", (ConvertTo-SecureString $password -AsPlainText -Force))
        $sid = [Security.Principal.NTAccount]::new($user).Translate([Security.Principal.SecurityIdentifier]).Value
        foreach ($mode in $modes) {
            $path = "\\.\pipe\$(New-PipeName)"
            $server = Start-Peer 'serve', $path, '1', $mode, 'everybody'
            Complete-Program (Start-Peer ('call', $path, $mode) $other) $known
            Complete-Program $server "$known, user Some\(`"$sid`"\)"

            # A pipe without options lets other users do no more than read, so both are refused.
            foreach ($access in '', 'current-user') {
                $path = "\\.\pipe\$(New-PipeName)"
                $server = Start-Peer 'serve', $path, '1', $mode, $access
                Deny-Program (Start-Peer ('call', $path, $mode) $other)
                Complete-Program (Start-Peer 'call', $path, $mode)
                Complete-Program $server
            }
            $path = "\\.\pipe\$(New-PipeName)"
            $server = Start-Peer ('serve', $path, '1', $mode, 'current-user') $other
            Deny-Program (Start-Peer 'call', $path, $mode)
            Complete-Program (Start-Peer ('call', $path, $mode) $other)
            Complete-Program $server

            # And no server of theirs passes for one of ours.
            $path = "\\.\pipe\$(New-PipeName)"
            $server = Start-Peer ('serve', $path, '1', $mode, 'everybody') $other
            Deny-Program (Start-Peer 'call', $path, $mode, 'current-user')
            $server.Process.Kill($true)
        }
    } finally {
        Invoke-Program net 'user', $user, '/delete'
    }
}

# Runs peer.exe by way of cmd.exe, and reads what it said from a file. `$start` gets the command.
function Start-Indirect([string] $arguments, [scriptblock] $start) {
    $output = Join-Path $place "output-$((++$script:number)).txt"
    & $start "/c $peer $arguments > $output 2>&1 && echo passed >> $output || echo failed >> $output" | Out-Host
    $output
}

function Wait-Indirect([string] $output, [string] $expected) {
    $said = ''
    for ($waited = 0; $waited -lt $limit; $waited++) {
        $said = Get-Content -Raw $output -ErrorAction Ignore
        if ($said -match '(passed|failed)\s*$') {
            Write-Host $said
            if ($said -notmatch $expected) { throw "expected $expected" }
            return
        }
        Start-Sleep 1
    }
    throw "no answer in $output, but: $said"
}

Check 'SYSTEM' {
    $task = "interprocess-check-$PID"
    $asSystem = {
        param($command)
        $action = New-ScheduledTaskAction -Execute cmd.exe -Argument $command
        Register-ScheduledTask -Force -TaskName $task -Action $action -User 'NT AUTHORITY\SYSTEM' | Out-Null
        Start-ScheduledTask -TaskName $task
    }
    try {
        foreach ($mode in $modes) {
            $path = "\\.\pipe\$(New-PipeName)"
            $server = Start-Indirect "serve $path 1 $mode" $asSystem
            Complete-Program (Start-Peer 'call', $path, $mode) $known
            Wait-Indirect $server 'passed'

            $path = "\\.\pipe\$(New-PipeName)"
            $server = Start-Peer 'serve', $path, '1', $mode, 'everybody'
            Wait-Indirect (Start-Indirect "call $path $mode" $asSystem) 'passed'
            Complete-Program $server "$known, user Some\(`"S-1-5-18`"\)"
        }
    } finally {
        Unregister-ScheduledTask -TaskName $task -Confirm:$false -ErrorAction Ignore
    }
}

# The same user without an administrator's rights ("runas": 0x20000 is the level of a basic user).
Check 'restricted client of an elevated server' {
    $asBasicUser = {
        param($command)
        Invoke-Program runas '/trustlevel:0x20000', "$env:ComSpec $command"
    }
    foreach ($mode in $modes) {
        $path = "\\.\pipe\$(New-PipeName)"
        $server = Start-Peer 'serve', $path, '1', $mode, 'everybody'
        Wait-Indirect (Start-Indirect "call $path $mode" $asBasicUser) 'passed'
        Complete-Program $server $known

        $path = "\\.\pipe\$(New-PipeName)"
        $server = Start-Peer 'serve', $path, '1', $mode, 'current-user'
        Wait-Indirect (Start-Indirect "call $path $mode" $asBasicUser) 'peer: PermissionDenied:'
        Complete-Program (Start-Peer 'call', $path, $mode)
        Complete-Program $server
    }
}

# -- what the system checks --

Check 'freed library' {
    Complete-Program (Start-Program (Join-Path $place 'unload.exe') (Join-Path $place 'unloaded.dll')) 'unloaded'
}

# It has a window's subsystem, so that a shell would not wait for it.
function Set-Verifier([string[]] $arguments) {
    $process = Start-Process appverif $arguments -Wait -PassThru
    if ($process.ExitCode -ne 0) { throw "appverif $arguments`: exit status $($process.ExitCode)" }
}

Check 'Application Verifier' {
    $tests = 'named_pipe', 'named_pipe_messages', 'local_socket', 'unnamed_pipe', 'mailslot'
    $build = 'test', '-p', 'interprocess', '--all-features', '--locked', '--no-run', '--message-format', 'json'
    $programs = Invoke-Program cargo ($build + ($tests | ForEach-Object { '--test', $_ })) | ConvertFrom-Json |
        Where-Object { $_.reason -eq 'compiler-artifact' -and $_.profile.test } | ForEach-Object executable
    if ($programs.Count -ne $tests.Count) { throw "found $($programs.Count) test programs, not $($tests.Count)" }
    foreach ($program in $programs) {
        $name = Split-Path -Leaf $program
        Set-Verifier '-enable', 'Handles', 'Heaps', 'Locks', 'Memory', 'Threadpool', 'TLS', '-for', $name
        try {
            # What the verifier finds ends the program.
            Invoke-Program $program '--test-threads=2'
        } catch {
            $log = Join-Path $place "$name.xml"
            Set-Verifier '-export', 'log', '-for', $name, '-with', "To=$log"
            Get-Content $log | Write-Host
            throw
        } finally {
            Set-Verifier '-delete', 'settings', '-for', $name
        }
    }
}

if ($failed) {
    Write-Host "`nFAILED: $($failed -join ', ')"
    exit 1
}
Write-Host "`nall passed"
