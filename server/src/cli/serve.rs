//! `latchkey serve`.

use std::{
    fs::{self, OpenOptions},
    io::{self, IsTerminal, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use futures_util::{FutureExt, future::join_all};
use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret, SecretString};
use service::{
    clock::{Clock, SystemClock},
    demo,
    entropy::OsEntropy,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};

use super::{open, say};
use crate::{
    AppState, RootCertificate, Streams,
    config::{ConfigError, Listen, Settings},
    courier::Post,
    demo_idp::DemoIdp,
    log, router,
    serve::{self, Listener},
    tls::Tls,
};

/// Holds the first administrator's password until their first sign-in, in the data directory. The
/// service removes it then.
const PASSWORD_FILE: &str = "initial-admin-password";

#[derive(Debug, Clone, Copy, Default, Args)]
pub(super) struct Arguments {
    /// Fill an empty database with sample people and keys to try things with
    #[arg(long)]
    demo: bool,
}

pub(super) async fn run(mut settings: Settings, arguments: Arguments) -> Result<()> {
    log::start(&settings);
    if arguments.demo {
        fill(&settings).await?;
    }
    let services = open(&settings).await?;
    if !arguments.demo && services.is_demonstration().await? {
        bail!(
            "the database holds a demonstration, whose accounts have a password that everybody \
             knows; start with --demo, or with another data directory or database"
        );
    }
    let sockets = listen(&mut settings.listen).await?;
    let tls = certificate(&settings)?;
    let stop = stop_signal()?;
    if let Some(password) = services.users.make_first_administrator().await? {
        hand_over(&password, &settings.data_dir)?;
    }
    let post = Arc::new(Post::new(&settings, Arc::new(SystemClock))?);
    let state = AppState {
        services: services.clone(),
        settings: Arc::new(settings),
        root_certificate: tls
            .clone()
            .map(|tls| -> RootCertificate { Arc::new(move || tls.root()) }),
        entropy: Arc::new(OsEntropy),
        streams: Streams::default(),
    };
    let provider = if arguments.demo {
        Some(DemoIdp::start(&state).await?)
    } else {
        None
    };
    let settings = state.settings.clone();
    // Streams have no end of their own, and would hold up the stop.
    let stop = {
        let streams = state.streams.clone();
        stop.inspect(move |()| streams.stop()).shared()
    };
    let router = router::router(state);
    let serving = sockets
        .into_iter()
        .zip(&settings.listen)
        .map(|(tcp, listen)| {
            let tls = tls.as_ref().filter(|_| listen.tls);
            let tls = tls.map(Tls::acceptor).transpose()?;
            let listener = Listener { tcp, tls };
            let (router, stop) = (router.clone(), stop.clone());
            Ok(serve::serve(listener, router, serve::HEAD_TIMEOUT, stop))
        })
        .collect::<Result<Vec<_>>>()?;
    tell_ready(&settings)?;

    let maintenance = tokio::spawn({
        let services = services.clone();
        async move { services.run_maintenance().await }
    });
    let deliveries = tokio::spawn({
        let services = services.clone();
        async move { services.run_deliveries(post).await }
    });
    let renewal = tls.map(|tls| tokio::spawn(tls.keep_fresh(SystemClock)));
    join_all(serving).await;
    renewal.inspect(JoinHandle::abort);
    maintenance.abort();
    deliveries.abort();
    if let Some(provider) = provider {
        provider.stop();
    }
    services.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Opens the sockets; a port that the system chose takes its place among the settings.
async fn listen(addresses: &mut [Listen]) -> Result<Vec<TcpListener>> {
    let mut sockets = Vec::new();
    for listen in addresses {
        let socket = TcpListener::bind(listen.address).await.with_context(|| {
            let address = listen.address;
            format!("cannot listen on {address}; choose another address with --listen")
        })?;
        listen.address = socket.local_addr()?;
        sockets.push(socket);
    }
    Ok(sockets)
}

/// The certificate. One that is made here is for every name by which clients may reach the server.
fn certificate(settings: &Settings) -> Result<Option<Arc<Tls>>, ConfigError> {
    let Some(source) = settings.tls.clone() else {
        return Ok(None);
    };
    // Linux and its kin tell their name there; elsewhere the public address has to.
    let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let addresses = settings.listen.iter().filter(|listen| listen.tls);
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".into(), "::1".into()];
    let more = [settings.public_host(), machine.trim().to_owned()]
        .into_iter()
        .chain(addresses.map(|listen| listen.address.ip().to_string()))
        .filter(|name| ServerName::try_from(&**name).is_ok() && name != "0.0.0.0" && name != "::");
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(Some(Tls::load(source, names, SystemClock.now())?))
}

fn tell_ready(settings: &Settings) -> Result<()> {
    let public_url = settings.public_url();
    for listen in &settings.listen {
        tracing::info!(address = %listen, "listening");
        if settings.listen.len() > 1 {
            say(format_args!("Listening at {listen}"))?;
        }
    }
    tracing::info!(public_url, "ready");
    say(format_args!("Latchkey is ready. Open {public_url}"))
}

/// Fills the database with samples, and says whom to sign in as.
async fn fill(settings: &Settings) -> Result<()> {
    let now = SystemClock.now();
    let accounts = demo::fill(settings.options(), now, Arc::new(OsEntropy)).await?;
    say("\n  This is a demonstration. Sign in as\n")?;
    for account in accounts {
        say(format_args!("      {:<8} {}", account.name, account.about))?;
    }
    say(format_args!(
        "\n  with the password\n\n      {}\n",
        demo::PASSWORD
    ))
}

/// Completes at the first SIGTERM or SIGINT.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    })
}

/// Gives the first administrator's password to whoever started the server, and to no log.
fn hand_over(password: &SecretString, data_dir: &Path) -> Result<()> {
    if io::stdout().is_terminal() {
        return say(format_args!(
            "\n  This is the first start. Sign in as\n\n      user name  admin\n      password   {}\n\n  \
             It is shown this once; choose your own at the first sign-in.\n",
            password.expose_secret()
        ));
    }
    let path = data_dir.join(PASSWORD_FILE);
    write_alone(&path, password).with_context(|| {
        format!(
            "cannot write the first password to {}; set another with \
             `latchkey user set-password admin --password-stdin`",
            path.display()
        )
    })?;
    say(format_args!(
        "This is the first start. The password of admin is in {} until the first sign-in.",
        path.display()
    ))
}

/// Makes the file, for its owner alone. One that is left over from another database goes.
fn write_alone(path: &Path, password: &SecretString) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{}", password.expose_secret())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, symlink};

    use super::*;

    #[test]
    fn the_password_s_file_is_its_owner_s_alone_and_never_somebody_else_s_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, target) = (
            folder.path().join(PASSWORD_FILE),
            folder.path().join("target"),
        );
        fs::write(&target, "untouched").unwrap();
        symlink(&target, &path).unwrap();
        write_alone(&path, &"hunter2 hunter2".into()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "hunter2 hunter2\n");
        assert_eq!(fs::symlink_metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&target).unwrap(), "untouched");
    }
}
