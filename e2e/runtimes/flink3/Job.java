import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.statefun.flink.core.StatefulFunctionsConfig;
import org.apache.flink.statefun.flink.core.StatefulFunctionsJob;
import org.apache.flink.statefun.flink.core.StatefulFunctionsUniverse;
import org.apache.flink.statefun.flink.core.StatefulFunctionsUniverseProvider;
import org.apache.flink.statefun.flink.core.spi.Modules;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A StateFun application in this process, with the Flink configuration of the arguments: key=value ... */
public final class Job {
  /** Finds the modules; it travels to the tasks, and so is a class of its own. */
  public static final class Universe implements StatefulFunctionsUniverseProvider {
    @Override
    public StatefulFunctionsUniverse get(ClassLoader loader, StatefulFunctionsConfig config) {
      return Modules.loadFromClassPath(config).createStatefulFunctionsUniverse();
    }
  }

  public static void main(String[] args) throws Exception {
    Configuration config = new Configuration();
    for (String setting : args) {
      int equals = setting.indexOf('=');
      config.setString(setting.substring(0, equals), setting.substring(equals + 1));
    }
    int parallelism = config.getInteger(CoreOptions.DEFAULT_PARALLELISM, 1);
    StreamExecutionEnvironment env =
        config.contains(RestOptions.PORT)
            ? StreamExecutionEnvironment.createLocalEnvironmentWithWebUI(config)
            : StreamExecutionEnvironment.createLocalEnvironment(parallelism, config);
    env.setParallelism(parallelism);
    env.configure(config, Thread.currentThread().getContextClassLoader());
    StatefulFunctionsConfig application = StatefulFunctionsConfig.fromFlinkConfiguration(config);
    application.setProvider(new Universe());
    StatefulFunctionsJob.main(env, application);
  }
}
